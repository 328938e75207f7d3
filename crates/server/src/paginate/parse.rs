//! Query string to [`ListRequest`].

use model::{Comparator, Condition, Direction, Filter, ListRequest, Listable, Literal, Operator, Sort};
use url::form_urlencoded;

use super::number::parse_int;
use super::token::condition;
use super::{ListError, ReceivedFilters};

/// How many rows a page has where the caller does not say.
const DEFAULT_LIMIT: i64 = 20;
/// How many rows a page has at most.
pub const MAX_LIMIT: i64 = 100;
/// No list has so many pages; a larger number could make the offset overflow.
const MAX_PAGE: i64 = 1_000_000_000;
/// The longest query string, in bytes.
const MAX_QUERY: usize = 16 * 1_024;
/// The most conditions of one query.
const MAX_CONDITIONS: usize = 50;
/// The longest value of a filter, in characters.
const MAX_VALUE: usize = 1_000;

/// A query as it was understood, and what of it the answer repeats.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// What is asked.
    pub request: ListRequest,
    /// The filters as they were received.
    pub filters: ReceivedFilters,
    /// The parameter `search` as it was received, if it asks for something.
    pub search: Option<String>,
    pub(super) search_by: Vec<&'static str>,
}

/// The parameters that mean something to a list.
#[derive(Debug, Default)]
struct Parameters {
    page: Option<String>,
    limit: Option<String>,
    sort: Vec<String>,
    search: Option<String>,
    filters: ReceivedFilters,
}

impl Parameters {
    fn read(query: &str, list: &Listable) -> Result<Self, ListError> {
        if query.len() > MAX_QUERY {
            return Err(ListError::new(format!("The query string is too long: at most {MAX_QUERY} bytes.")));
        }
        let mut found = Self::default();
        let mut conditions = 0;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                // Repeated, the library reads "1,2", which is 1.
                "page" => found.page = found.page.or(Some(value.into_owned())),
                "limit" => found.limit = found.limit.or(Some(value.into_owned())),
                "sortBy" => found.sort.push(value.into_owned()),
                "search" => found.search = found.search.or(Some(value.into_owned())),
                _ => {
                    let Some(column) = name.strip_prefix("filter.") else { continue };
                    list.column(column).ok_or_else(|| ListError::column(column, list))?;
                    conditions += 1;
                    if conditions > MAX_CONDITIONS {
                        return Err(ListError::new(format!("Too many filters: at most {MAX_CONDITIONS}.")));
                    }
                    limit_value(&name, &value)?;
                    found.filters.push(column, value.into_owned());
                }
            }
        }
        Ok(found)
    }
}

fn limit_value(name: &str, value: &str) -> Result<(), ListError> {
    if value.chars().count() > MAX_VALUE {
        return Err(ListError::new(format!(
            "The value of {name} is too long: at most {MAX_VALUE} characters."
        )));
    }
    Ok(())
}

impl ListQuery {
    /// Reads the query string of a request for `list`.
    ///
    /// # Errors
    /// If a filter names no column, or has an operator or a value that does not fit its column; or if the query is too large.
    pub fn parse(query: &str, list: &'static Listable) -> Result<Self, ListError> {
        let Parameters { page, limit, sort, search, filters } = Parameters::read(query, list)?;
        let mut typed = Vec::new();
        for (name, values) in filters.iter() {
            let column = list.column(name).ok_or_else(|| ListError::column(name, list))?;
            let conditions = values.iter().map(|raw| condition(column, raw)).collect::<Result<_, _>>()?;
            typed.push(Filter { column, conditions });
        }
        let search = search.filter(|words| !words.is_empty());
        let searched = match &search {
            Some(words) => search_filter(words, list)?,
            None => None,
        };
        let search_by = searched.iter().map(|filter| filter.column.name).collect();
        typed.extend(searched);
        let request = ListRequest {
            page: page_number(page.as_deref()),
            limit: page_size(limit.as_deref()),
            sort: sorting(&sort, list),
            filters: typed,
        };
        Ok(Self { request, filters, search, search_by })
    }
}

/// `search=words` asks for what `filter.search=$fulltext:words` asks for, where a list has such a column.
fn search_filter(words: &str, list: &Listable) -> Result<Option<Filter>, ListError> {
    limit_value("search", words)?;
    let Some(column) = list.full_text() else { return Ok(None) };
    let operator = Operator::FullText;
    let words: Literal = column
        .kind
        .literal(operator, words)
        .map_err(|error| ListError::new(format!("Invalid value of the parameter 'search': {error}.")))?;
    let condition = Condition { comparator: Comparator::And, negated: false, operator, values: vec![words] };
    Ok(Some(Filter { column, conditions: vec![condition] }))
}

fn page_number(text: Option<&str>) -> i64 {
    text.and_then(parse_int).unwrap_or(1).clamp(1, MAX_PAGE)
}

fn page_size(text: Option<&str>) -> i64 {
    match text.and_then(parse_int) {
        Some(limit) if limit >= 0 => limit.min(MAX_LIMIT),
        _ => DEFAULT_LIMIT,
    }
}

/// What the library does with sorting: what it cannot use it drops, and if nothing is left it sorts as ever.
fn sorting(values: &[String], list: &'static Listable) -> Vec<Sort> {
    let mut sorting: Vec<Sort> = Vec::new();
    for value in values {
        let Some((name, direction)) = value.split_once(':') else { continue };
        let direction = match direction {
            "ASC" => Direction::Ascending,
            "DESC" => Direction::Descending,
            _ => continue,
        };
        match list.column(name) {
            // A column that was sorted by already sorts nothing any more.
            Some(column) if column.sortable && sorting.iter().all(|sort| sort.column != column) => {
                sorting.push(Sort { column, direction });
            }
            _ => {}
        }
    }
    if sorting.is_empty() { vec![list.default_sort] } else { sorting }
}
