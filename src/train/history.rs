//! stub
/// One epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRecord {
    pub epoch: usize,
    pub loss: f64,
    pub cross_entropy: f64,
    pub penalty: f64,
    pub train_error: f64,
    pub validation_error: Option<f64>,
    pub seconds: f64,
}
/// All epochs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    records: Vec<EpochRecord>,
}
impl History {
    /// Epochs in order.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }
}
