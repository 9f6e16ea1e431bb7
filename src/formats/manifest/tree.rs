//! A YAML text as a tree with places.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::ManifestError;

/// Deeper trees are none of Kubernetes.
const DEEPEST: usize = 100;

/// A node and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// First byte and the first one behind. Of a block only the first is exact.
    pub(super) start: usize,
    pub(super) end: usize,
    /// From 1.
    pub(super) line: usize,
    /// From 0, in characters.
    pub(super) column: usize,
    /// Others may refer to it, or it has a tag.
    pub(super) marked: bool,
}

/// What a node is. Of a map the flag tells whether it stands in braces.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>, bool),
    Alias(usize),
}

/// What a text means, without places. Of scalars it is kept whether they are plain, as `"true"` is
/// another thing than `true`; of keys it is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Scalar(String, bool),
    List(Vec<Self>),
    Map(BTreeMap<Self, Self>),
    Alias(usize),
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(..) | Kind::Alias(_) => None,
        }
    }

    /// A value by its key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.pair(key).map(|(_, value)| value)
    }

    pub(super) fn pair(&self, key: &str) -> Option<&(Self, Self)> {
        match &self.kind {
            Kind::Map(pairs, _) => pairs.iter().find(|(name, _)| name.text() == Some(key)),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Alias(_) => None,
        }
    }

    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, plain } => Value::Scalar(text.clone(), *plain),
            Kind::List(items) => Value::List(items.iter().map(Self::value).collect()),
            Kind::Map(pairs, _) => {
                let key = |key: &Self| match key.value() {
                    Value::Scalar(text, _) => Value::Scalar(text, true),
                    other @ (Value::List(_) | Value::Map(_) | Value::Alias(_)) => other,
                };
                let pairs = pairs.iter().map(|(name, value)| (key(name), value.value()));
                Value::Map(pairs.collect())
            }
            Kind::Alias(number) => Value::Alias(*number),
        }
    }
}

/// The documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, ManifestError> {
    let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bytes.push(text.len());
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        bytes,
        text,
    };
    let mut documents = Vec::new();
    loop {
        match reader.next()? {
            (Event::StreamEnd, ..) => return Ok(documents),
            (Event::DocumentStart(_), ..) => {
                let event = reader.next()?;
                documents.push(reader.node(event, 0)?);
            }
            (
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd,
                ..,
            ) => {}
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Where each character begins.
    bytes: Vec<usize>,
    text: &'a str,
}

/// An event, where it begins, and the byte behind it.
type At<'a> = (Event<'a>, Marker, usize);

impl<'a> Reader<'a> {
    fn byte(&self, marker: Marker) -> usize {
        let at = self.bytes.get(marker.index()).copied();
        at.unwrap_or(self.text.len())
    }

    fn next(&mut self) -> Result<At<'a>, ManifestError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let end = self.byte(span.end);
                Ok((event, span.start, end))
            }
            Some(Err(error)) => Err(ManifestError::Syntax {
                line: error.marker().line(),
                what: error.info().to_owned(),
            }),
            None => Ok((Event::StreamEnd, Marker::new(0, 0, 0), 0)),
        }
    }

    fn node(&mut self, (event, from, end): At<'a>, depth: usize) -> Result<Node, ManifestError> {
        let line = from.line();
        if depth > DEEPEST {
            return Err(ManifestError::TooDeep { line });
        }
        let start = self.byte(from);
        let braces = self
            .text
            .get(start..)
            .is_some_and(|rest| rest.starts_with('{'));
        let (kind, marked, end) = match event {
            Event::Scalar(text, style, anchor, tag) => (
                Kind::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                },
                anchor != 0 || tag.is_some(),
                end,
            ),
            Event::SequenceStart(anchor, tag) => {
                let (items, end) = self.items(depth)?;
                (Kind::List(items), anchor != 0 || tag.is_some(), end)
            }
            Event::MappingStart(anchor, tag) => {
                let (pairs, end) = self.pairs(depth)?;
                let kind = Kind::Map(pairs, braces);
                (kind, anchor != 0 || tag.is_some(), end)
            }
            Event::Alias(number) => (Kind::Alias(number), true, end),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(ManifestError::Syntax {
                    line,
                    what: "the text ends early".to_owned(),
                });
            }
        };
        Ok(Node {
            kind,
            start,
            end,
            line,
            column: from.col(),
            marked,
        })
    }

    /// The rest of a list, and where it ends.
    fn items(&mut self, depth: usize) -> Result<(Vec<Node>, usize), ManifestError> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if let (Event::SequenceEnd, _, end) = event {
                return Ok((items, end));
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    /// The rest of a map, and where it ends.
    fn pairs(&mut self, depth: usize) -> Result<(Vec<(Node, Node)>, usize), ManifestError> {
        let mut pairs = Vec::new();
        loop {
            let event = self.next()?;
            if let (Event::MappingEnd, _, end) = event {
                unambiguous(&pairs)?;
                return Ok((pairs, end));
            }
            let key = self.node(event, depth + 1)?;
            let event = self.next()?;
            pairs.push((key, self.node(event, depth + 1)?));
        }
    }
}

/// Whether the keys of a map are texts that come once each. A map as a key may look as if it were
/// the map itself, and of two values Kubernetes takes another one than a reader may think.
fn unambiguous(pairs: &[(Node, Node)]) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for (key, _) in pairs {
        let what = match &key.kind {
            Kind::Scalar { text, .. } if text == "<<" || seen.insert(text) => continue,
            Kind::Scalar { .. } => "a key comes twice",
            Kind::List(_) | Kind::Map(..) | Kind::Alias(_) => "a key is no text",
        };
        let line = key.line;
        return Err(ManifestError::Place { line, what });
    }
    Ok(())
}
