/** What a store did when it was asked. */
export type Finding = {
  /** Stable name, by which conclusions are drawn. */
  id: string
  group: string
  /** What would be well: "refuses other bytes under Content-MD5". */
  claim: string
  /** `unknown`: the attempt itself went wrong, and `answer` says how. */
  holds: 'yes' | 'no' | 'not applicable' | 'unknown'
  /** Status and S3 code of the answer, and what was seen afterwards where that is not clear. */
  answer: string
}
