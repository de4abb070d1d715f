/** What is wrong with a GGUF file, in one sentence without a full stop. It never quotes more of the file than a few characters. */
export class GgufError extends Error {}
