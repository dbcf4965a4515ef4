//! Turns a plan into a Dockerfile, an ignore file, pins and a bake file.
