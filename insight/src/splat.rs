//! splat
