//! What every engine must do, asked of each in the same words. A new engine is one more line at the end of this
//! file, and a host in `host.rs`.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests fail tests by panicking"
)]

mod alarms;
mod attempts;
mod backups;
mod calls;
mod changes;
mod damage;
mod delivered;
mod documents;
mod drafts;
mod host;
mod keypads;
mod known;
mod lists;
mod retention;
mod sqlite;
mod world;

macro_rules! conformance {
    ($($engine:ident: $host:expr;)*) => {
        $(mod $engine {
            conformance!(@cases $host;
                changes: every_kind_of_record_comes_back_after_a_restart,
                changes: a_change_made_from_an_old_version_is_a_conflict,
                changes: names_are_unique_within_a_kind_and_a_domain,
                changes: numbers_are_unique_within_a_domain,
                changes: two_accounts_may_change_names_in_one_commit,
                changes: a_commit_happens_whole_or_not_at_all,
                changes: what_points_at_nothing_is_refused,
                changes: a_domain_goes_when_nobody_is_left_in_it_whoever_is_in_others,
                changes: the_secret_of_a_domain_comes_back_sealed_and_goes_with_it,
                changes: of_a_hundred_parallel_openings_five_sessions_are_open,
                changes: a_session_opens_only_while_the_right_to_it_lasts,
                changes: failures_add_up_whatever_happens_at_the_same_time,
                changes: a_phone_that_comes_while_another_is_logged_out_stays,
                changes: deleting_an_account_takes_along_what_is_its_own,
                changes: deleting_an_extension_takes_along_what_is_its_own,
                changes: identifiers_are_never_given_out_twice,
                changes: many_commits_share_few_transactions,
                changes: commits_that_meddle_with_each_other_are_judged_one_after_the_other,
                changes: a_failing_engine_changes_nothing_and_recovers,
                changes: what_is_behind_survives_a_failing_engine,
                changes: what_is_behind_is_in_memory_at_once_and_on_disk_soon,
                changes: a_refresh_is_written_every_other_time,
                changes: refusals_that_repeat_become_one_row,
                changes: a_locked_address_that_tries_name_after_name_fills_no_audit,
                changes: a_lock_that_the_disk_refused_rests_there_when_it_can,
                changes: rows_of_the_audit_for_which_there_was_no_room_are_told_of,
                changes: time_ends_bindings_and_sessions,
                changes: a_closed_ledger_says_so,
                changes: listeners_are_told_what_changed,
                documents: documents_come_back_after_a_restart_and_rights_with_them,
                documents: a_document_follows_the_one_before_it_and_has_a_name_of_its_own,
                documents: there_are_no_more_documents_of_a_kind_than_there_may_be,
                drafts: a_draft_comes_back_after_a_restart_and_opens_under_a_new_key,
                drafts: what_was_changed_meanwhile_stops_the_whole_commit,
                drafts: a_file_of_a_draft_opens_for_its_passphrase_and_furnishes_an_editor,
                attempts: a_phone_signs_in_with_its_users_login_code,
                attempts: a_phone_password_counts_in_place_of_the_login_code,
                attempts: a_user_signs_in_by_name_or_number_and_each_is_counted_alone,
                attempts: a_new_number_realm_or_user_derives_the_digest_again,
                attempts: of_a_thousand_parallel_guesses_at_most_five_are_checked,
            attempts: where_a_phone_is_known_at_most_five_parallel_guesses_are_checked_too,
                attempts: a_lock_survives_a_restart,
                attempts: a_failure_outlives_a_program_that_ends_before_the_disk_has_it,
                attempts: a_note_that_somebody_changed_is_not_believed_and_is_wiped,
                attempts: a_lock_is_seen_in_either_count_without_counting,
                attempts: the_secret_that_is_kept_is_told_from_any_other,
                attempts: a_right_attempt_takes_no_note_and_waits_for_no_disk,
                attempts: a_failure_that_came_to_rest_leaves_no_note,
                attempts: a_reset_lock_opens_at_once,
                attempts: unknown_names_are_counted_and_locked_alike,
                attempts: a_failure_is_counted_by_address_over_all_names,
                attempts: a_refusal_by_one_count_leaves_no_place_taken_in_the_other,
                attempts: an_allowed_address_is_never_counted,
                attempts: an_answer_works_once,
                attempts: the_short_way_says_yes_where_the_long_one_would_and_nowhere_else,
                attempts: an_abandoned_attempt_is_a_failure,
                keypads: digits_open_what_they_are_for_also_after_a_restart_and_a_new_number_or_realm,
                keypads: of_a_thousand_parallel_guesses_at_a_keypad_at_most_four_are_checked,
                keypads: where_a_phone_is_known_its_keypad_is_counted_like_any,
                keypads: what_is_not_set_or_has_expired_opens_nothing_by_digits,
                attempts: what_is_not_set_or_has_expired_opens_nothing,
                known: a_known_place_goes_on_while_the_extension_is_locked_from_elsewhere,
                known: an_attack_on_many_threads_takes_no_place_from_who_is_known,
                known: places_survive_a_restart_are_bounded_and_go_with_their_extension,
                known: a_lock_of_a_known_place_survives_a_restart_and_a_reset_takes_all_lanes,
                known: a_browser_is_known_after_a_restart_until_its_password_is_replaced,
                known: the_same_wrong_password_again_is_counted_once,
                known: what_the_same_wrong_password_costs_tells_nothing_of_a_name,
                known: who_shows_a_wrong_code_at_a_locked_address_is_told_what_strangers_are,
                known: who_shows_a_wrong_code_of_an_extension_locked_from_elsewhere_is_told_so,
                known: a_message_that_comes_twice_is_one_try_of_a_stale_phone,
                known: former_codes_are_sealed_bounded_and_survive_a_restart,
                known: former_codes_go_with_their_owner_by_hand_and_after_ninety_days,
                known: earlier_passwords_are_sealed_and_compared_as_long_as_the_rules_say,
                known: a_phone_with_the_login_code_of_before_its_phone_password_is_stale,
                known: stale_phones_are_named_and_told_of,
                damage: a_wrong_key_opens_nothing_and_breaks_nothing,
                damage: an_edited_row_is_noticed,
                damage: a_vanished_row_is_noticed,
                damage: a_row_from_an_older_copy_is_noticed,
                damage: a_row_moved_to_another_owner_is_noticed,
                damage: a_whole_audit_is_verified,
                damage: an_edited_audit_row_is_found,
                damage: a_deleted_audit_row_is_found,
                damage: audit_rows_in_another_order_are_found,
                damage: an_audit_that_is_cut_off_is_found,
                damage: the_audit_goes_on_after_a_restart,
                damage: the_audit_is_searched,
                damage: a_reseal_leaves_nothing_under_the_old_key,
                damage: an_interrupted_reseal_opens_with_both_keys_and_is_ended_later,
                backups: a_backup_comes_back_in_an_empty_store,
                backups: a_backup_under_load_is_of_one_moment,
                backups: any_flipped_bit_of_a_backup_is_refused,
                backups: a_backup_that_is_cut_off_is_refused,
                backups: a_backup_under_another_key_is_refused,
                backups: a_backup_of_a_newer_version_is_refused,
                backups: a_restore_into_a_store_in_use_is_refused,
                backups: an_interrupted_restore_is_noticed_and_can_be_repeated,
                alarms: alarms_stand_are_seen_end_and_come_back_after_a_restart,
                alarms: of_many_alarms_the_oldest_that_are_over_are_forgotten,
                calls: recordings_rest_sealed_and_are_heard_after_a_restart,
                calls: a_recording_is_there_as_long_as_its_mailbox_names_it,
                calls: what_is_kept_for_calls_goes_with_its_user_and_its_domain,
                calls: mailboxes_do_not_wait_for_each_other,
                calls: calls_are_logged_a_moment_later_and_bounded,
                calls: calls_on_pages_are_there_after_a_crash,
                calls: a_call_log_is_forgotten_when_somebody_says_so,
                calls: recordings_and_call_logs_are_in_a_backup_and_under_a_new_key,
                calls: a_recording_or_a_call_log_that_was_changed_is_not_told,
                delivered: rows_are_read_on_from_the_last_one_that_was_delivered,
                retention: old_rows_go_and_what_is_left_is_whole,
                retention: no_more_rows_are_kept_than_the_rule_says,
                retention: old_rows_go_a_part_at_a_time,
                retention: nothing_is_cut_from_an_audit_that_is_not_whole,
                retention: who_cuts_more_than_the_rule_did_or_puts_rows_back_is_found,
                retention: a_cut_that_fails_changes_nothing,
                retention: an_audit_that_was_cut_comes_back_from_a_backup,
                retention: where_things_are_reported_rests_sealed_and_is_sealed_again,
                lists: accounts_are_sorted_searched_and_paged,
                lists: extensions_are_in_the_order_of_their_numbers,
                lists: registrations_show_what_is_in_force,
                lists: accounts_are_found_by_how_their_credentials_stand,
                lists: phones_are_counted_by_what_they_are,
            );
        })*
    };
    (@cases $host:expr; $($topic:ident: $case:ident,)*) => {
        $(#[test]
        fn $case() {
            $crate::$topic::$case(&$host);
        })*
    };
}

conformance! {
    memory: crate::host::MemoryHost::new();
    on_sqlite: crate::host::SqliteHost::new();
}
