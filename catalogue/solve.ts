/** Small symmetric systems. Pure. */

/** Inverse of a positive definite matrix of `size` rows, row by row, by Gauss-Jordan. */
export function inverse(matrix: Float64Array, size: number): Float64Array {
  const left = Float64Array.from(matrix)
  const right = new Float64Array(size * size)
  for (let i = 0; i < size; i++) right[i * size + i] = 1
  for (let pivot = 0; pivot < size; pivot++) {
    const value = left[pivot * size + pivot]!
    if (!(Math.abs(value) > 1e-12)) throw new Error('the system has no solution')
    for (let column = 0; column < size; column++) {
      left[pivot * size + column]! /= value
      right[pivot * size + column]! /= value
    }
    for (let row = 0; row < size; row++) {
      const factor = row === pivot ? 0 : left[row * size + pivot]!
      if (factor === 0) continue
      for (let column = 0; column < size; column++) {
        left[row * size + column]! -= factor * left[pivot * size + column]!
        right[row * size + column]! -= factor * right[pivot * size + column]!
      }
    }
  }
  return right
}

export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length
  return Float64Array.from({ length: size }, (_, row) => {
    let sum = 0
    for (let column = 0; column < size; column++) sum += matrix[row * size + column]! * vector[column]!
    return sum
  })
}
