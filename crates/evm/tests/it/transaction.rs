//! Signing and reading back, for any transaction; and what is not read.

use evm::{Address, Decoded, Signer, Transaction, TransactionError};
use proptest::prelude::*;

fn signer() -> impl Strategy<Value = Signer> {
    any::<[u8; 32]>().prop_filter_map("zero or too large", |secret| Signer::from_bytes(&secret).ok())
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let to = prop::option::of(any::<[u8; 20]>().prop_map(Address::from));
    let input = prop::collection::vec(any::<u8>(), 0..300);
    let numbers = (any::<u64>(), any::<u64>(), any::<u128>(), any::<u128>(), any::<u64>());
    (numbers, to, input).prop_map(|((chain_id, nonce, max_fee, max_priority_fee, gas_limit), to, input)| {
        Transaction {
            chain_id,
            nonce,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: max_priority_fee,
            gas_limit,
            to,
            input,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_signed_is_read_back(transaction in transaction(), signer in signer()) {
        let signed = transaction.sign(&signer);
        prop_assert_eq!(&signed, &transaction.sign(&signer));
        let decoded = Transaction::decode(&signed.raw).expect("it is ours");
        prop_assert_eq!(decoded, Decoded { transaction, sender: signer.address(), hash: signed.hash });
    }

    #[test]
    fn changed_bytes_are_not_signed_by_the_same_account(
        transaction in transaction(),
        signer in signer(),
        place in any::<prop::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let mut raw = transaction.sign(&signer).raw;
        let place = place.index(raw.len());
        raw[place] ^= change;
        if let Ok(decoded) = Transaction::decode(&raw) {
            prop_assert_ne!(decoded.sender, signer.address());
        }
    }

    #[test]
    fn a_part_and_more_than_the_whole_are_refused(
        transaction in transaction(),
        signer in signer(),
        end in any::<prop::sample::Index>(),
    ) {
        let mut raw = transaction.sign(&signer).raw;
        prop_assert!(Transaction::decode(&raw[..end.index(raw.len())]).is_err());
        raw.push(0);
        prop_assert!(Transaction::decode(&raw).is_err());
    }

    #[test]
    fn rubbish_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Transaction::decode(&bytes).is_err());
    }
}

fn small() -> Transaction {
    Transaction {
        chain_id: 1,
        nonce: 2,
        max_fee_per_gas: 4,
        max_priority_fee_per_gas: 3,
        gas_limit: 5,
        to: None,
        input: Vec::new(),
    }
}

#[test]
fn other_kinds_of_transactions_are_refused() {
    let signer = Signer::from_bytes(&[1; 32]).expect("a key");
    let raw = small().sign(&signer).raw;
    // 02, two bytes of the list's header, chain, nonce, priority fee, fee, gas, nobody, no value, no input, no access list.
    assert_eq!(raw[..12], [0x02, 0xf8, 0x4c, 1, 2, 3, 4, 5, 0x80, 0x80, 0x80, 0xc0]);
    let with = |place: usize, byte: u8| {
        let mut changed = raw.clone();
        changed[place] = byte;
        Transaction::decode(&changed)
    };
    assert_eq!(with(0, 0x01), Err(TransactionError::Type));
    assert_eq!(with(0, 0xf8), Err(TransactionError::Type));
    assert_eq!(Transaction::decode(&[]), Err(TransactionError::Type));
    // One wei, and a list where the access list is that has its member in the place of the signature.
    assert_eq!(with(9, 0x01), Err(TransactionError::Foreign));
    assert_eq!(with(11, 0xc1), Err(TransactionError::Foreign));
    // Numbers with a needless zero; a receiver of one byte; neither even nor odd; a list that ends elsewhere.
    assert!(matches!(with(4, 0x00), Err(TransactionError::Encoding(_))));
    assert!(matches!(with(8, 0x01), Err(TransactionError::Encoding(_))));
    assert!(matches!(with(12, 0x02), Err(TransactionError::Encoding(_))));
    assert!(matches!(with(2, 0x4b), Err(TransactionError::Encoding(_))));
    assert!(matches!(with(2, 0x4d), Err(TransactionError::Encoding(_))));
    let mut long = raw;
    long.resize((128 << 10) + 1, 0);
    assert_eq!(Transaction::decode(&long), Err(TransactionError::TooLong));
}
