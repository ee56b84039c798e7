/** Workers Paid beyond what is included, in USD per million (Cloudflare's price pages, November 2026). */
const prices = { request: 0.3, rowRead: 0.001, rowWritten: 1, classA: 4.5, classB: 0.36 }

/** Names of calls of the R2 binding, and methods of requests to the S3 endpoint. */
const classA =
  /^(put|list|createMultipartUpload|uploadPart|complete|PUT|POST|GET\?(list-type|uploads|uploadId))\b/
const free = /^(delete|abort|DELETE)\b/

/** What a million of these cost. */
export function priceOf({ requests, rowsRead, rowsWritten, store }) {
  const { a, b } = classesOf(store)
  return (
    requests * prices.request +
    rowsRead * prices.rowRead +
    rowsWritten * prices.rowWritten +
    a * prices.classA +
    b * prices.classB
  )
}

/** How many of the store's calls are operations of R2's class A, and of class B. */
export function classesOf(store) {
  const a = store.filter((call) => classA.test(call)).length
  const b = store.filter((call) => !classA.test(call) && !free.test(call)).length
  return { a, b }
}
