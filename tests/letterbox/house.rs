//! The house keeps its walls: who may import whom, which crate is named where, what a template must not hold, how long
//! a file may be. Each test reads the files of the repository and names file and line of whatever breaks a rule.

mod files;
mod readme;
mod templates;
mod walls;
