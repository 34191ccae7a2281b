//! local
mod postgres;
