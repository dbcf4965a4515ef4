//! What a scan finds: projects, services, settings, as plain data.
