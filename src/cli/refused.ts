/** An expected failure of a command, in words for the terminal. */
export class Refused extends Error {}
