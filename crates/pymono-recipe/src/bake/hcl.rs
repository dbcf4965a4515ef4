//! Targets of `docker-bake.hcl`.

use std::collections::BTreeMap;

use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey, TraversalOperator},
    structure::{Block, Body},
    template::{Element, StringTemplate},
};

use super::Written;
use crate::{RecipeError, lines::Lines};

/// Variables by name; what a matrix gives is there too.
type Values = BTreeMap<String, String>;

pub(super) fn targets(text: &str) -> Result<BTreeMap<String, Written>, RecipeError> {
    let failed = |error: &hcl_edit::parser::Error| {
        RecipeError::new(error.location().line(), error.message().to_owned())
    };
    let body = hcl_edit::parser::parse_body(text).map_err(|error| failed(&error))?;
    let lines = Lines::of(text);
    let variables = variables(&body);
    let targets = body.get_blocks("target").filter_map(|block| Some((label(block)?, block)));
    Ok(targets.flat_map(|(name, block)| unrolled(name, block, &variables, &lines)).collect())
}

fn label(block: &Block) -> Option<&str> {
    block.labels.first().map(hcl_edit::structure::BlockLabel::as_str)
}

/// Returns the defaults of the variables; one that names others comes after them.
fn variables(body: &Body) -> Values {
    let mut values = Values::new();
    for block in body.get_blocks("variable") {
        let default = block.body.get_attribute("default").and_then(|it| text(&it.value, &values));
        values.extend(label(block).map(str::to_owned).zip(default));
    }
    values
}

/// Returns a target, or one for each combination of its matrix.
fn unrolled(
    name: &str,
    block: &Block,
    variables: &Values,
    lines: &Lines,
) -> Vec<(String, Written)> {
    let line = block.span().map_or(1, |span| lines.at(span.start));
    combinations(block, variables)
        .into_iter()
        .map(|values| {
            let named = block.body.get_attribute("name").and_then(|it| text(&it.value, &values));
            (named.unwrap_or_else(|| name.to_owned()), target(&block.body, &values, line))
        })
        .collect()
}

/// How long a text may get, in bytes.
const LENGTH: usize = 64 * 1024;
/// How many targets a matrix may make.
const COMBINATIONS: usize = 1000;

fn combinations(block: &Block, variables: &Values) -> Vec<Values> {
    let mut all = vec![variables.clone()];
    let Some(Expression::Object(matrix)) = block.body.get_attribute("matrix").map(|it| &it.value)
    else {
        return all;
    };
    for (axis, value) in matrix {
        let Some(axis) = key(axis) else { continue };
        let Expression::Array(values) = value.expr() else { continue };
        let choices: Vec<Values> = values.iter().map(|it| choice(&axis, it, variables)).collect();
        if all.len().saturating_mul(choices.len()) > COMBINATIONS {
            break;
        }
        let extended = |known: &Values, choice: &Values| {
            known.clone().into_iter().chain(choice.clone()).collect()
        };
        all = all
            .iter()
            .flat_map(|known| choices.iter().map(move |choice| extended(known, choice)))
            .collect();
    }
    all
}

/// Returns what one value of an axis makes known: `item`, or `item.key` for each key of an object.
fn choice(axis: &str, value: &Expression, variables: &Values) -> Values {
    match value {
        Expression::Object(object) => {
            let pair = |(name, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                Some((format!("{axis}.{}", key(name)?), text(value.expr(), variables)?))
            };
            object.iter().filter_map(pair).collect()
        }
        value => text(value, variables).map(|text| (axis.to_owned(), text)).into_iter().collect(),
    }
}

fn key(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(value) => text(value, &Values::new()),
    }
}

fn target(body: &Body, values: &Values, line: usize) -> Written {
    let one = |name: &str| body.get_attribute(name).and_then(|it| text(&it.value, values));
    let all = |name: &str| match body.get_attribute(name).map(|it| &it.value) {
        Some(Expression::Array(items)) => items.iter().filter_map(|it| text(it, values)).collect(),
        _ => Vec::new(),
    };
    let pairs = |name: &str| match body.get_attribute(name).map(|it| &it.value) {
        Some(Expression::Object(object)) => {
            let pair = |(name, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                Some((key(name)?, text(value.expr(), values)?))
            };
            object.iter().filter_map(pair).collect()
        }
        _ => BTreeMap::new(),
    };
    Written::new(line, &one, &all, &pairs)
}

/// Returns the text of an expression, as far as it has one without computing.
fn text(expression: &Expression, values: &Values) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.as_str().to_owned()),
        Expression::Number(number) => Some(number.value().to_string()),
        Expression::Bool(value) => Some(value.to_string()),
        Expression::StringTemplate(template) => template_text(template, values),
        Expression::Variable(name) => values.get(name.as_str()).cloned(),
        Expression::Parenthesis(inner) => text(inner.inner(), values),
        Expression::Traversal(traversal) => {
            let Expression::Variable(name) = &traversal.expr else { return None };
            let [operator] = traversal.operators.as_slice() else { return None };
            let TraversalOperator::GetAttr(attribute) = operator.value() else { return None };
            values.get(&format!("{}.{}", name.as_str(), attribute.as_str())).cloned()
        }
        _ => None,
    }
}

fn template_text(template: &StringTemplate, values: &Values) -> Option<String> {
    let element = |element: &Element| match element {
        Element::Literal(literal) => Some(literal.as_str().to_owned()),
        Element::Interpolation(it) => text(&it.expr, values),
        Element::Directive(_) => None,
    };
    let text: String = template.iter().map(element).collect::<Option<_>>()?;
    // Variables that name each other twice grow without end.
    (text.len() <= LENGTH).then_some(text)
}
