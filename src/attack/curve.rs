//! stub
/// Error rate against eps of one network under one attack.
#[derive(Clone, Debug)]
pub struct ErrorCurve {
    pub name: String,
    pub eps: Vec<f64>,
    pub error: Vec<f64>,
    /** Half-width of the band (standard error). */
    pub standard_error: Vec<f64>,
}
