/** The most tokens that anything makes of a request beside its bytes: see `worstCase` of the prompts. */

/** What templates put before the first message, beyond the names of the body's fields. */
export const TEMPLATE = 32
/** What vendors write of their own where there are tools: up to 804 tokens. */
export const TOOLS = 1_024
/** Of one picture: eight tiles of 5,667 and the base of 2,833, the most that any vendor is known to charge. */
export const PICTURE = 49_152
/** Characters of base64 for a token of sound: a second of the thinnest MP3 has 1,333 of them, and 32 tokens at the most. */
export const SOUND_CHARS = 4
/** Videos and documents may be anything that fits into the largest context there is. */
export const ANYTHING = 1_048_576
