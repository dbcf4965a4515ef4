//! Distributions that own the same files, with different content.
//!
//! Environments are laid over one another, and a file of two layers is the later one's. In
//! one install it is the later distribution's, in uv's order. Both are the same only where
//! such distributions are in one layer, so those are kept together. Which they are stands
//! in their `RECORD` files, and no lock has those; so the known families are listed here.
//!
//! A family belongs here if two of its distributions install one path, say
//! `cv2/__init__.py`, and differ in its content. What shares a namespace without an
//! `__init__.py`, or with equal ones, does not.

/// The known families.
const FAMILIES: [&[&str]; 13] = [
    &[
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ],
    &["pycrypto", "pycryptodome"],
    &["psycopg2", "psycopg2-binary"],
    &["tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel"],
    &["onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"],
    &["faiss-cpu", "faiss-gpu"],
    &["pillow", "pillow-simd"],
    &["pymongo", "bson"],
    &["pyjwt", "jwt"],
    &["python-docx", "docx"],
    &["pymupdf", "fitz"],
    &["python-magic", "file-magic"],
    &["mysqlclient", "mysql-python"],
];

/// Returns the number of the family that a distribution belongs to, by its normalized name.
pub(crate) fn family(name: &str) -> Option<usize> {
    FAMILIES.iter().position(|family| family.contains(&name))
}
