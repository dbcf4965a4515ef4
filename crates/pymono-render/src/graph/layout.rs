//! Where the boxes and lines of a drawing lie.

use std::collections::BTreeMap;

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, RankDir,
    graph::{Graph as Sheet, GraphOptions},
};

use super::{Graph, NodeKind};

/// The width of a letter of the drawing's font, in pixels.
const LETTER: f64 = 7.3;
/// The height of a box, in pixels: two lines of text.
const HEIGHT: f64 = 44.0;
/// What is free around text and drawing, in pixels.
const MARGIN: f64 = 16.0;
/// A node that is not drawn: it keeps services in one column. The others are called by their numbers.
const START: &str = "start";

/// A drawing's measures, in pixels.
pub(super) struct Layout<'a> {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: BTreeMap<&'a str, Place>,
    /// The bends of each line, by the nodes that it connects.
    pub(super) lines: BTreeMap<(&'a str, &'a str), Vec<(f64, f64)>>,
}

/// Where a box lies.
pub(super) struct Place {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Lays a graph out in columns, from what needs to what is needed.
pub(super) fn layout(graph: &Graph) -> Layout<'_> {
    let numbers = graph.numbers();
    let names = |id: &str| numbers[id].to_string();
    let mut sheet = sheet(graph, names);
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 14.0,
        edgesep: 8.0,
        ranksep: 90.0,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut sheet, Some(options));
    let places = graph.nodes.keys();
    let places = places.filter_map(|id| Some((id.as_str(), place(sheet.node(&names(id))?))));
    let mut boxes: BTreeMap<&str, Place> = places.collect();
    let least = |of: fn(&Place) -> f64| boxes.values().map(of).fold(f64::INFINITY, f64::min);
    let (left, top) = (least(|place| place.left) - MARGIN, least(|place| place.top) - MARGIN);
    for place in boxes.values_mut() {
        place.left -= left;
        place.top -= top;
    }
    let lines = graph.edges.iter().filter_map(|(from, to)| {
        let points = &sheet.edge(&names(from), &names(to), None)?.points;
        let bends = points.iter().map(|point| (point.x - left, point.y - top)).collect();
        let ends = (boxes.get(from.as_str())?, boxes.get(to.as_str())?);
        Some(((from.as_str(), to.as_str()), between(ends, bends)))
    });
    let lines = lines.collect();
    let end = |of: fn(&Place) -> f64| boxes.values().map(of).fold(0.0, f64::max) + MARGIN;
    Layout {
        width: end(|place| place.left + place.width),
        height: end(|place| place.top + place.height),
        boxes,
        lines,
    }
}

/// Returns the graph as the crate that lays it out wants it.
///
/// Its nodes have names of our own making, since some letters have a meaning in them.
fn sheet(graph: &Graph, names: impl Fn(&str) -> String) -> Sheet<NodeLabel, EdgeLabel> {
    let options = GraphOptions { directed: true, multigraph: false, compound: false };
    let mut sheet = Sheet::with_options(options);
    let width = width(graph);
    sheet.set_node(START.to_owned(), Some(NodeLabel::default()));
    for (id, node) in &graph.nodes {
        let label = NodeLabel { width, height: HEIGHT, ..NodeLabel::default() };
        sheet.set_node(names(id), Some(label));
        if node.kind == NodeKind::Service {
            // Heavier than all else, so that none of them is pulled to what it needs.
            let label = EdgeLabel { weight: 100, ..EdgeLabel::default() };
            sheet.set_edge(START, names(id), Some(label), None);
        }
    }
    for (from, to) in &graph.edges {
        sheet.set_edge(names(from), names(to), Some(EdgeLabel::default()), None);
    }
    sheet
}

/// Lets a line begin and end in the middle of a side, where it is seen which way it goes.
fn between((from, to): (&Place, &Place), mut bends: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let start = (from.left + from.width, from.top + from.height / 2.0);
    let end = (to.left, to.top + to.height / 2.0);
    bends.truncate(bends.len().saturating_sub(1));
    let inner = bends.into_iter().skip(1).filter(|(x, _)| *x > start.0 && *x < end.0);
    [start].into_iter().chain(inner).chain([end]).collect()
}

fn place(label: &NodeLabel) -> Place {
    let NodeLabel { width, height, x, y, .. } = label;
    let (left, top) = (x.unwrap_or_default() - width / 2.0, y.unwrap_or_default() - height / 2.0);
    Place { left, top, width: *width, height: *height }
}

/// Returns the width of every box: that of the longest text.
fn width(graph: &Graph) -> f64 {
    let texts = graph.nodes.iter().flat_map(|(id, node)| [node.below(id), &node.name]);
    let letters = texts.map(|text| text.chars().count()).max().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "no path has that many letters")]
    let letters = letters as f64;
    letters * LETTER + 2.0 * MARGIN
}
