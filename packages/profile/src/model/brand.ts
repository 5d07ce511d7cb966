declare const brand: unique symbol;

/** `T` that the compiler keeps apart from every other `T`: an id made in one place only. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
