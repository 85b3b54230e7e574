/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The driver's own tables, next to those of store/tables.h. Its rows are derived when a batch is
 * applied, equal on every node, and never in a batch or an expectation. */
enum driver_table {
	TABLE_META = 0xF0,        /* one row: enum meta_offset */
	TABLE_EVENT = 0xF1,       /* event → a packed orgd.store.v1.Event; put by the batch */
	TABLE_EVENT_INDEX = 0xF2, /* revision, index as u16 → event id, link of the hash chain */
	TABLE_ANCHOR = 0xF3,      /* revision → link of the last event at or before it; every
	                           * ANCHOR_EVERY revisions */
};

/* The meta row's value: big-endian integers at these offsets, then the chain's newest link. A newer
 * schema may only add to its end. */
enum meta_offset {
	META_SCHEMA = 0,
	META_EPOCH = 8,
	META_REVISION = 16,
	META_TIME = 24, /* of the last batch, us */
	META_LINK = 32,
	META_SIZE = 64,
};

enum { SCHEMA_VERSION = 1, ANCHOR_EVERY = 1000, LINK_BYTES = 32 };
