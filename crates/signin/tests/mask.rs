//! Keys under the mask. Alone in a program of its own, because the mask is drawn once a process.

use sha2::{Digest, Sha256};
use signin::{
    dice::SeededDice,
    digest::{DigestAlgorithm, DigestKeys, DigestProof, mask_keys, response},
};

fn answer(keys: &DigestKeys, algorithm: DigestAlgorithm) -> Vec<u8> {
    // RFC 7616 section 3.9.1.
    let proof = DigestProof {
        algorithm,
        nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        nonce_count: 1.into(),
        cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        method: b"GET",
        uri: b"/dir/index.html",
        response: b"",
        request_hash: None,
    };
    response(keys, &proof).as_bytes().to_vec()
}

#[test]
fn what_waits_under_the_mask_answers_rightly_and_is_not_what_was_derived() {
    mask_keys(&mut SeededDice(1));
    let keys = DigestKeys::derive("Mufasa", "http-auth@example.org", "Circle of Life");
    let sha256 = b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert_eq!(answer(&keys, DigestAlgorithm::Sha256), sha256);
    assert_eq!(answer(&keys, DigestAlgorithm::Md5), b"8ca523f5e9506fed4657c9700eebdbec");
    // What lies in memory is not HA1: where HA1 itself lies, the mask makes something else of it.
    let ha1 = Sha256::digest("Mufasa:http-auth@example.org:Circle of Life").into();
    assert_ne!(answer(&DigestKeys::decoy(ha1), DigestAlgorithm::Sha256), sha256);
    mask_keys(&mut SeededDice(2));
    assert_eq!(answer(&keys, DigestAlgorithm::Sha256), sha256, "the first mask stays");
}
