/** The smallest of `numbers` that at least this share of them does not exceed. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export function median(numbers) {
  return quantile(numbers, 0.5)
}
