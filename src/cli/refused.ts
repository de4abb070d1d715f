/** A failure that a command foresees, in one sentence without a full stop for the terminal: `main` prints it (exit code 1). */
export class Refused extends Error {}
