/** What D1 binds; a boolean as 0 or 1. */
export type Value = string | number | boolean | null

declare const row: unique symbol

/** A statement with its values. `Row` is what it returns, as the function that writes the SQL says. */
export type Statement<Row = unknown> = D1PreparedStatement & { readonly [row]?: Row }

/**
 * The statements of one batch by name, in their order, which is that of the object's keys: none of them may be a
 * number, nor stand in two objects that are spread into one. A step that is null is left out; it has no rows.
 */
export type Steps = Readonly<Record<string, Statement | null>>

/** What a batch returned, by the names of its steps. */
export type RowsOf<Batch extends Steps> = {
  [Name in keyof Batch]: (Batch[Name] extends Statement<infer Row> | null ? Row : never)[]
}

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'

/** The letters and digits that `Text` begins with. `_` and signs are the same in upper and lower case: that ends the name. */
type FirstWord<Text, Read extends string = ''> = Text extends `${infer Sign}${infer Rest}`
  ? string extends Sign
    ? Read
    : Uppercase<Sign> extends Exclude<Lowercase<Sign>, Digit>
      ? Read
      : FirstWord<Rest, `${Read}${Sign}`>
  : Read

/** The parameters of a SQL text. Those of a fragment count if its type is its text (`as const`). */
export type ParametersOf<Sql, Found = never> = Sql extends `${string}:${infer Rest}`
  ? ParametersOf<Rest, Found | FirstWord<Rest>>
  : Exclude<Found, ''>

/**
 * A statement of `sql`, whose parameters are written as `:name` and must be the names of `values`: one too many or too
 * few does not compile. A colon directly before a letter or a digit is a parameter wherever it stands, also in a comment.
 * A long text that is put together is better a constant: one that is made at each call is hashed at each call.
 */
export function prepare<
  const Sql extends string,
  const Values extends Readonly<Record<ParametersOf<Sql>, Value>>,
  Row = unknown,
>(
  db: D1Database,
  sql: Sql,
  values: Values & Readonly<Record<Exclude<keyof Values, ParametersOf<Sql>>, never>>,
): Statement<Row> {
  const { text, names } = numbered(sql)
  const named: Readonly<Record<string, Value>> = values
  return db.prepare(text).bind(...names.map((name) => named[name]))
}

type Numbered = { text: string; names: readonly string[] }

/** By SQL text. The code has about a hundred; should there be more, they are numbered anew now and then. */
const numberedTexts = new Map<string, Numbered>()
const numberedTextsMax = 500

/** `sql` with parameters as D1 knows them, `?1` and so on, and what their names are. */
function numbered(sql: string): Numbered {
  const found = numberedTexts.get(sql)
  if (found !== undefined) return found
  const names: string[] = []
  const text = sql.replace(/:([A-Za-z0-9]+)/g, (_, name: string) => {
    const at = names.indexOf(name)
    return `?${at < 0 ? names.push(name) : at + 1}`
  })
  if (numberedTexts.size === numberedTextsMax) numberedTexts.clear()
  numberedTexts.set(sql, { text, names })
  return { text, names }
}
