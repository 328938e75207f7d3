//! The answer: `data`, `meta` and `links`.

use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{ListQuery, ReceivedFilters};

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// What was asked, and how much there is.
    pub meta: PageMeta,
    /// Where other pages are.
    pub links: PageLinks,
}

/// What was asked, and how much there is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageMeta {
    /// How many rows a page has; with `limit=0`, which asks for the number alone, how many there are.
    #[schema(example = 20)]
    pub items_per_page: i64,
    /// How many rows there are on all pages.
    #[schema(example = 45)]
    pub total_items: i64,
    /// Which page this is.
    #[schema(example = 1)]
    pub current_page: i64,
    /// How many pages there are.
    #[schema(example = 3)]
    pub total_pages: i64,
    /// The sorting: columns and directions.
    #[schema(example = json!([["createdAt", "DESC"]]))]
    pub sort_by: Vec<[&'static str; 2]>,
    /// The parameter `search`, if it was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// What `search` looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_by: Option<Vec<&'static str>>,
    /// The filters as they were received.
    #[serde(skip_serializing_if = "ReceivedFilters::is_empty")]
    #[schema(required = false, example = json!({"status": "ready_to_claim"}))]
    pub filter: ReceivedFilters,
}

/// Where other pages are; a link that leads nowhere is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageLinks {
    /// The first page; absent on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The page before; absent on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// This page.
    pub current: String,
    /// The page after; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The last page; absent on it, and if there are no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

impl ListQuery {
    /// The answer: the rows of the page, how many rows there are in all, and the list's own address without a query, for example
    /// `https://issuer.example/products/web/e1/issuer/api/private/credential-offers`.
    pub fn answer<T>(&self, data: Vec<T>, total: i64, base: &str) -> Page<T> {
        let (page, limit) = (self.request.page, self.request.limit);
        let pages = if limit == 0 { 1 } else { total.div_euclid(limit) + i64::from(total % limit != 0) };
        let rest = self.link_rest();
        let link = |to: i64| format!("{base}?page={to}&limit={limit}{rest}");
        let links = PageLinks {
            first: (page != 1).then(|| link(1)),
            previous: (page > 1).then(|| link(page - 1)),
            current: link(page),
            next: (page < pages).then(|| link(page + 1)),
            last: (page != pages && total > 0).then(|| link(pages)),
        };
        let meta = PageMeta {
            items_per_page: if limit == 0 { total } else { limit },
            total_items: total,
            current_page: page,
            total_pages: pages,
            sort_by: self.sort_by(),
            search: self.search.clone(),
            search_by: self.search.as_ref().map(|_| self.search_by.clone()),
            filter: self.filters.clone(),
        };
        Page { data, meta, links }
    }

    /// The sorting that takes effect: columns and directions.
    pub fn sort_by(&self) -> Vec<[&'static str; 2]> {
        self.request.sort.iter().map(|sort| [sort.column.name, sort.direction.as_str()]).collect()
    }

    /// Everything of a link behind page and limit.
    fn link_rest(&self) -> String {
        let mut rest = String::new();
        for [column, direction] in self.sort_by() {
            parameter(&mut rest, "sortBy", &format!("{column}:{direction}"));
        }
        if let Some(search) = &self.search {
            parameter(&mut rest, "search", search);
        }
        for (column, values) in self.filters.iter() {
            for value in values {
                parameter(&mut rest, &format!("filter.{column}"), value);
            }
        }
        rest
    }
}

fn parameter(query: &mut String, name: &str, value: &str) {
    query.push('&');
    encode(query, name);
    query.push('=');
    encode(query, value);
}

/// Percent-encodes all but what a query may hold as it is (RFC 3986, section 3.4) and no reader of forms takes for anything else.
fn encode(query: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:$,@/".contains(&byte) {
            query.push(char::from(byte));
        } else if byte == b' ' {
            query.push_str("%20");
        } else {
            query.extend(form_urlencoded::byte_serialize(&[byte]));
        }
    }
}
