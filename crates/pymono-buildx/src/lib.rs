//! Runs docker buildx, one process a service, and reads its progress.
