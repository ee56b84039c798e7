import { useState } from 'preact/hooks'
import type { Status } from '../../api/files'
import { SelectField, TextField } from '../../components/field'
import { Failure } from '../../components/notice'
import { type Kind, kindNames } from '../../words/content-type'
import { parsePairs } from '../../words/pairs'
import { statusNames } from '../../words/status'
import { everything, hasMetadata, isFiltered, type Selection } from './selection'

type Props = { selection: Selection; select(selection: Selection): void }

/** Chooses which files are shown. */
export function FilterBar({ selection, select }: Props) {
  const [pairs, setPairs] = useState('')
  const [error, setError] = useState<Error | null>(null)
  const isByMetadata = hasMetadata(selection.metadata)

  function applyPairs() {
    const metadata = parsePairs(pairs)
    if (typeof metadata === 'string') return setError(new Error(metadata))
    setError(null)
    select({ ...selection, metadata })
  }

  return (
    <form
      class="filters"
      aria-label="Filter files"
      onSubmit={(event) => {
        event.preventDefault()
        applyPairs()
      }}
    >
      <SelectField
        label="Status"
        value={isByMetadata ? 'ready' : selection.status}
        disabled={isByMetadata}
        setValue={(status) => select({ ...selection, status: status as Status })}
        options={Object.entries(statusNames)}
      />
      <SelectField
        label="Type"
        value={selection.kind ?? ''}
        setValue={(kind) => select({ ...selection, kind: (kind || null) as Kind | null })}
        options={[['', 'Any type'], ...Object.entries(kindNames)]}
      />
      <TextField
        label="Metadata"
        placeholder="tag=invoice"
        value={pairs}
        setValue={setPairs}
        onBlur={applyPairs}
      />
      <button type="submit" class="button">
        Filter
      </button>
      {isFiltered(selection) && (
        <button
          type="button"
          class="button plain"
          onClick={() => {
            setPairs('')
            setError(null)
            select(everything)
          }}
        >
          Reset
        </button>
      )}
      <Failure error={error} />
    </form>
  )
}
