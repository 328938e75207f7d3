// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.36;

/// @title The heads of transparency logs, kept where neither the log nor anybody else can take them back.
/// @notice Whoever calls is the publisher, and each publisher has heads of its own: nobody can write another's, and
/// nobody owns the contract. It holds no money. A head is as good as the publisher's key; whose key that is, the log
/// says elsewhere.
contract CheckpointRegistry {
    struct Head {
        uint64 size;
        bytes32 root;
    }

    /// @notice A log has grown.
    /// @param origin Keccak-256 of the log's origin (the first line of its checkpoints) in UTF-8.
    /// @param publisher Who anchored it.
    /// @param size The number of the log's leaves.
    /// @param root The root hash of the tree of these leaves (RFC 6962, section 2.1).
    event Anchored(bytes32 indexed origin, address indexed publisher, uint64 size, bytes32 root);

    /// @notice What was offered is not larger than what the publisher anchored last, so one size never has two roots.
    /// @param latest The size of the latest head.
    /// @param offered The size that was refused.
    error NotGrowing(uint64 latest, uint64 offered);

    mapping(bytes32 origin => mapping(address publisher => Head)) private heads;

    /// @notice Anchors a head, larger than the caller's last one for this origin.
    /// @param origin Keccak-256 of the log's origin in UTF-8.
    /// @param size The number of the log's leaves.
    /// @param root The root hash of the tree of these leaves.
    function anchor(bytes32 origin, uint64 size, bytes32 root) external {
        Head storage head = heads[origin][msg.sender];
        if (size <= head.size) revert NotGrowing(head.size, size);
        head.size = size;
        head.root = root;
        emit Anchored(origin, msg.sender, size, root);
    }

    /// @notice The head that a publisher anchored last; zeros when there is none.
    /// @param origin Keccak-256 of the log's origin in UTF-8.
    /// @param publisher Who anchored it.
    /// @return size The number of the log's leaves.
    /// @return root The root hash of the tree of these leaves.
    function latest(bytes32 origin, address publisher) external view returns (uint64 size, bytes32 root) {
        Head storage head = heads[origin][publisher];
        return (head.size, head.root);
    }
}
