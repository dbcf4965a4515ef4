//! Validated names: paths in the tree, platforms, Python versions, image names.
