/** The shipped weights of the classifier, read from config/classifier.bin. */
import { readFile } from 'node:fs/promises'
import { decodeWeights, type ClassifierWeights } from './decision/classify/weights.ts'

const FILE = new URL('../../config/classifier.bin', import.meta.url)

/** Rejects with what is wrong with the file. */
export const loadWeights = async (file: URL | string = FILE): Promise<ClassifierWeights> =>
  decodeWeights(await readFile(file))
