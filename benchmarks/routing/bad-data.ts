/** A data file that is missing or does not say what it should; the message names file, line and field. */
export class BadData extends Error {}
