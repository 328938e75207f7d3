//! Claims path pointers (section 7): which claims of a credential are meant.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// How many elements a path may have.
pub const MAX_ELEMENTS: usize = 16;

/// How long the name of a member may be, in bytes.
pub const MAX_NAME_LEN: usize = 256;

/// One step of a path.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Element {
    /// A string: the member of an object with this name.
    Name(String),
    /// A non-negative integer: the element of an array at this index, counted from 0.
    Index(u32),
    /// `null`: every element of an array.
    All,
}

/// A claims path pointer: at least one element, at most [`MAX_ELEMENTS`]. In JSON, and when it is displayed, an array.
///
/// An index counts the elements that are there. Where elements of an array are disclosed one by one, those that the
/// holder kept back are not: ask for all of them (`null`) rather than for a place.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path(Vec<Element>);

/// Why something is not a path.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathError {
    /// Not an array.
    #[error("a path is an array of strings, non-negative integers and nulls")]
    NotArray,
    /// No element, or too many.
    #[error("a path has at least one element and at most {MAX_ELEMENTS}")]
    Length,
    /// The element at this position is of another type, or is an index that is too large.
    #[error("element {0} of the path is no string, no null, and no integer from 0 to 4294967295")]
    Element(usize),
    /// The name at this position is empty or too long.
    #[error("element {0} of the path is empty, or longer than {MAX_NAME_LEN} bytes")]
    Name(usize),
}

/// Why a path selects nothing (section 7.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// The element at this position names a member, and what is selected before it is not an object.
    #[error("element {0} of the path names a member of what is not an object")]
    NotObject(usize),
    /// The element at this position is `null` or an index, and what is selected before it is not an array.
    #[error("element {0} of the path selects from what is not an array")]
    NotArray(usize),
    /// Nothing is there.
    #[error("nothing is at the path")]
    Nothing,
}

impl Path {
    /// A path of these elements.
    ///
    /// # Errors
    ///
    /// [`PathError`] if there are none or too many, or a name is empty or too long.
    pub fn new(elements: Vec<Element>) -> Result<Self, PathError> {
        if elements.is_empty() || elements.len() > MAX_ELEMENTS {
            return Err(PathError::Length);
        }
        let is_odd = |element: &Element| matches!(element, Element::Name(name) if name.is_empty() || name.len() > MAX_NAME_LEN);
        match elements.iter().position(is_odd) {
            Some(position) => Err(PathError::Name(position)),
            None => Ok(Self(elements)),
        }
    }

    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`PathError`] if it is not an array of strings, non-negative integers and nulls, or breaks a limit.
    pub fn parse(value: &Value) -> Result<Self, PathError> {
        let elements = value.as_array().ok_or(PathError::NotArray)?;
        if elements.len() > MAX_ELEMENTS {
            return Err(PathError::Length);
        }
        let read = |(position, element): (usize, &Value)| match element {
            Value::Null => Ok(Element::All),
            Value::String(name) => Ok(Element::Name(name.clone())),
            other => other
                .as_u64()
                .and_then(|index| u32::try_from(index).ok())
                .map(Element::Index)
                .ok_or(PathError::Element(position)),
        };
        Self::new(elements.iter().enumerate().map(read).collect::<Result<_, _>>()?)
    }

    /// Its elements, in order.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.0
    }

    /// The path as a JSON array.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let write = |element: &Element| match element {
            Element::Name(name) => Value::from(name.as_str()),
            Element::Index(index) => Value::from(*index),
            Element::All => Value::Null,
        };
        self.0.iter().map(write).collect()
    }

    /// Whether both can select the same claim: `["a", null]` and `["a", 0]` can, `["a"]` and `["a", "b"]` cannot.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let meet = |(ours, theirs): (&Element, &Element)| match (ours, theirs) {
            (Element::All, Element::Index(_)) | (Element::Index(_), Element::All) => true,
            (ours, theirs) => ours == theirs,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(meet)
    }

    /// What the path selects from the root of a credential (section 7.1.1), in the order in which it is there: at least
    /// one value, and more than one only if the path has a `null`.
    ///
    /// # Errors
    ///
    /// [`SelectError`] if nothing is selected, or a step is taken into what has no such steps.
    pub fn select<'a>(&self, root: &'a Map<String, Value>) -> Result<Vec<&'a Value>, SelectError> {
        // The root is a map, so the first element is special: everything after it starts from a value.
        let (first, rest) = self.0.split_first().expect("a path has an element");
        let Element::Name(name) = first else { return Err(SelectError::NotArray(0)) };
        let mut selected: Vec<&Value> = root.get(name).into_iter().collect();
        for (position, element) in (1..).zip(rest) {
            let mut next = Vec::new();
            for value in selected {
                step(element, value, position, &mut next)?;
            }
            selected = next;
        }
        if selected.is_empty() { Err(SelectError::Nothing) } else { Ok(selected) }
    }
}

/// Appends what one element selects from one value.
fn step<'a>(
    element: &Element,
    value: &'a Value,
    position: usize,
    next: &mut Vec<&'a Value>,
) -> Result<(), SelectError> {
    if let Element::Name(name) = element {
        next.extend(value.as_object().ok_or(SelectError::NotObject(position))?.get(name));
        return Ok(());
    }
    let elements = value.as_array().ok_or(SelectError::NotArray(position))?;
    match element {
        Element::Index(index) => next.extend(elements.get(*index as usize)),
        _ => next.extend(elements),
    }
    Ok(())
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
