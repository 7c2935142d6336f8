//! What holds for every page, whatever it shows.

use super::samples::{EVIL, all};

#[test]
fn every_page_is_a_whole_page_with_one_main_heading() {
    for (name, html) in all() {
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert!(html.trim_end().ends_with("</html>"), "{name}");
    }
}

#[test]
fn nothing_in_a_page_is_inline_so_that_the_policy_can_forbid_it() {
    for (name, html) in all() {
        for tag in html.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.starts_with("style"), "{name}: {tag}");
            assert!(!tag.starts_with("script") || tag.contains("src=\"/assets/"), "{name}: {tag}");
            assert!(!tag.contains(" style="), "{name}: {tag}");
            assert!(!tag.contains(" onclick=") && !tag.contains("javascript:"), "{name}: {tag}");
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_its_token() {
    for (name, html) in all() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let posts = form.contains("method=\"post\"");
            assert_eq!(posts, form.contains("name=\"csrf\" value=\"c5f2\""), "{name}: {form}");
            assert!(posts || form.contains("method=\"get\""), "{name}: {form}");
        }
    }
}

#[test]
fn no_search_insists_on_a_field() {
    for (name, html) in all() {
        for form in html.split("<form").skip(1).filter(|form| form.contains("method=\"get\"")) {
            let form = form.split("</form>").next().unwrap();
            assert!(!form.contains(" required"), "{name}: {form}");
        }
    }
}

#[test]
fn what_strangers_wrote_comes_out_as_text() {
    for (name, html) in all() {
        assert!(!html.contains("<script>"), "{name}");
        assert!(!html.contains("<img"), "{name}");
    }
    assert!(
        all().iter().any(|(_, html)| html.contains("&#60;script&#62;alert(1)")),
        "{EVIL} is shown somewhere"
    );
}

#[test]
fn every_label_hint_and_link_points_at_an_element_that_exists_once() {
    for (name, html) in all() {
        let values = |attribute: &str| -> Vec<String> {
            let start = format!(" {attribute}=\"");
            html.split(start.as_str())
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned())
                .collect()
        };
        let ids = values("id");
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name}: id {id} is not unique");
        }
        let lists = ["for", "aria-describedby", "aria-labelledby", "data-show", "data-copy"];
        for reference in lists.iter().flat_map(|attribute| values(attribute)) {
            for id in reference.split_whitespace() {
                assert!(ids.iter().any(|known| known == id), "{name}: nothing has the id {id}");
            }
        }
        for href in values("href") {
            if let Some(id) = href.strip_prefix('#') {
                assert!(ids.iter().any(|known| known == id), "{name}: nothing has the id {id}");
            }
        }
    }
}

#[test]
fn no_secret_field_is_ever_filled_in() {
    for (name, html) in all() {
        for tag in html.split("<input").skip(1) {
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.contains("type=\"password\"") || !tag.contains("value="), "{name}: {tag}");
        }
    }
}

#[test]
fn both_lists_of_dark_colours_are_the_same() {
    let css = include_str!("../../../assets/app.css");
    let tokens = |start: &str| -> Vec<&str> {
        let rest = css.split(start).nth(1).unwrap();
        rest.split('}').next().unwrap().split(';').map(str::trim).collect()
    };
    let followed = tokens(":root:not([data-theme=\"light\"]) {");
    assert!(followed.len() > 20);
    assert_eq!(followed, tokens("\n:root[data-theme=\"dark\"] {"));
}

#[test]
fn the_style_sheet_and_the_script_stay_small() {
    assert!(include_str!("../../../assets/app.css").len() < 40_000);
    assert!(include_str!("../../../assets/app.js").len() < 10_240);
}
