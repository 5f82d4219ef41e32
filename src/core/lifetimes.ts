/**
 * The most that may lie between the making of something and its end, in seconds. A retired key is kept for as
 * long as anything that it vouches for can live, so each of these bounds a kind of keys.
 */

/** Of an access token; also how long a revocation is kept, so that lowering the setting never revives a token. */
export const MAX_ACCESS_TOKEN_TTL = 3600;

/** Of what a {@link Sealer} gives out: a session of a client that is away over the weekend. */
export const MAX_SEALED_LIFETIME = 7 * 86_400;
