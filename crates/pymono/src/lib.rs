//! Builds the container images of every Python service in a monorepo.
