/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Searches that every verifier since 5.10 can follow. */
#pragma once
#include "kernel.h"

/*
 * 1 if a <= b, both below 2^63. A binary search made of it has no branch, so the verifier follows
 * one path. OPAQUE pins a value to the register that is checked and used: else clang makes ORs of the
 * additions, after which the verifiers of 5.10 to 6.1 know no bounds any more.
 */
#define IS_AT_MOST(a, b) (((u64)(a) - (u64)(b)-1) >> 63)
#define OPAQUE(x) asm volatile("" : "+r"(x))

/* Index of the last of `size` sorted values, a power of two, that is at most x; 0 if none is. */
#define LAST_AT_MOST(values, size, x)                                                   \
	({                                                                              \
		u64 found_ = 0;                                                         \
		_Pragma("unroll") for (u32 step_ = (size) / 2; step_; step_ >>= 1)      \
		{                                                                       \
			u64 value_ = (values)[(found_ + step_) & ((size)-1)];           \
			u64 advance_ = step_ * IS_AT_MOST(value_, x);                   \
			OPAQUE(advance_);                                               \
			found_ += advance_;                                             \
		}                                                                       \
		found_ & ((size)-1);                                                    \
	})
