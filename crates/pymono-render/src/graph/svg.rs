//! A graph as a drawing.

use ::svg::{
    Document, Node as _,
    node::element::{Group, Path, Rectangle, Style, Text, Title, path::Data},
};

use super::{
    Graph, Node, NodeKind,
    layout::{Layout, Place, layout},
};

/// How things look; on a dark page too.
const STYLE: &str = "
text { font: 12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #111827; }
.name { font-weight: bold; }
.id { fill: #4b5563; }
rect { stroke-width: 1.2; }
.service rect { fill: #dbeafe; stroke: #2563eb; }
.library rect { fill: #dcfce7; stroke: #16a34a; }
.stage rect { fill: #f3f4f6; stroke: #6b7280; }
.line { fill: none; stroke: #9ca3af; stroke-width: 1.2; }
.tip { fill: #9ca3af; }
";

/// How long the tip of an arrow is, in pixels.
const TIP: f64 = 7.0;
/// The height of the line that says what the colors mean, in pixels.
const LEGEND: f64 = 28.0;

/// Returns a document that needs nothing beside it: a browser or a wiki shows it as it is.
pub(super) fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let mut all = Group::new().set("transform", format!("translate(0 {LEGEND})"));
    for bends in layout.lines.values() {
        all.append(line(bends));
        all.append(tip(bends));
    }
    for (id, place) in &layout.boxes {
        all.append(boxed(id, &graph.nodes[*id], place));
    }
    let (width, height) = size(&layout);
    let document = Document::new()
        .set("width", width)
        .set("height", height)
        .set("viewBox", (0.0, 0.0, width, height))
        .add(Style::new(STYLE))
        .add(Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "white"))
        .add(legend(graph))
        .add(all);
    format!("{document}\n")
}

fn size(layout: &Layout<'_>) -> (f64, f64) {
    // Room for the legend, whatever is drawn.
    (round(layout.width.max(260.0)), round(layout.height + LEGEND))
}

/// Returns a number without digits that nobody sees.
fn round(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

/// Says what the colors mean, of those that are there.
fn legend(graph: &Graph) -> Group {
    let mut group = Group::new();
    let mut left = 16.0;
    for kind in [NodeKind::Service, NodeKind::Library, NodeKind::Stage] {
        if graph.nodes.values().any(|node| node.kind == kind) {
            let sample = Rectangle::new().set("x", left).set("y", 10.0).set("rx", 3.0);
            let sample = sample.set("width", 14.0).set("height", 14.0);
            let name = Text::new(kind.as_str()).set("x", left + 20.0).set("y", 21.0);
            group.append(Group::new().set("class", kind.as_str()).add(sample).add(name));
            left += 90.0;
        }
    }
    group
}

fn boxed(id: &str, node: &Node, place: &Place) -> Group {
    let Place { left, top, width, height } = place;
    let (left, top) = (round(*left), round(*top));
    let frame = Rectangle::new().set("x", left).set("y", top).set("rx", 8.0);
    let text = |class: &str, text: &str, below: f64| {
        let text = Text::new(text).set("class", class);
        text.set("x", left + 14.0).set("y", round(top + below))
    };
    let mut group = Group::new()
        .set("class", node.kind.as_str())
        .add(Title::new(title(id, node)))
        .add(frame.set("width", round(*width)).set("height", *height));
    group.append(text("name", &node.name, 19.0));
    group.append(text("id", node.below(id), 35.0));
    group
}

/// Returns what a browser shows of a box that is pointed at.
fn title(id: &str, Node { kind, note, .. }: &Node) -> String {
    let note = if note.is_empty() { String::new() } else { format!("\n{note}") };
    format!("{} {id}{note}", kind.as_str())
}

/// Returns a line through its bends: straight at its ends, round between.
fn line(bends: &[(f64, f64)]) -> Path {
    let mut data = Data::new();
    let mut from = None;
    for (at, &(x, y)) in bends.iter().enumerate() {
        // The last stretch is the arrow's.
        let x = if at + 1 == bends.len() { x - TIP } else { x };
        let (x, y) = (round(x), round(y));
        data = match from {
            None => data.move_to((x, y)),
            Some((before_x, before_y)) => {
                let middle = round(f64::midpoint(before_x, x));
                data.cubic_curve_to((middle, before_y, middle, y, x, y))
            }
        };
        from = Some((x, y));
    }
    Path::new().set("class", "line").set("d", data)
}

/// Returns the tip of the arrow at a line's end: columns go to the right, and so do lines.
fn tip(bends: &[(f64, f64)]) -> Path {
    let (x, y) = bends.last().copied().unwrap_or_default();
    let data = Data::new()
        .move_to((round(x), round(y)))
        .line_by((-TIP, -TIP / 2.0))
        .line_by((0.0, TIP))
        .close();
    Path::new().set("class", "tip").set("d", data)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sample, *};

    #[test]
    fn the_same_graph_is_drawn_the_same() {
        // The maps of the crate that lays it out are seeded anew for each of them.
        let first = svg(&sample());
        assert!((0..20).all(|_| svg(&sample()) == first));
    }

    #[test]
    fn nothing_in_a_name_is_markup() {
        let text = svg(&sample());
        assert!(text.contains("&lt;x&gt;"), "{text}");
        assert!(!text.contains("<x>"), "{text}");
    }

    #[test]
    fn no_box_lies_on_another() {
        let graph = sample();
        let layout = layout(&graph);
        let places: Vec<&Place> = layout.boxes.values().collect();
        assert_eq!(places.len(), 5);
        for (at, one) in places.iter().enumerate() {
            for other in &places[at + 1..] {
                let apart = one.left + one.width <= other.left
                    || other.left + other.width <= one.left
                    || one.top + one.height <= other.top
                    || other.top + other.height <= one.top;
                assert!(apart);
            }
        }
        assert!(layout.lines.values().all(|bends| bends.len() >= 2));
    }
}
