import { useId, useRef, useState } from 'preact/hooks'
import { TextField } from '../components/field'
import { Icon } from '../components/icon'
import { Failure } from '../components/notice'
import type { Member } from '../session/session'
import { parsePairs } from '../words/pairs'
import { enqueue } from './queue'

/** Takes files that are dropped or picked, with metadata for all of them. */
export function DropZone({ member }: { member: Member }) {
  const [isOver, setOver] = useState(false)
  const [pairs, setPairs] = useState('')
  const [error, setError] = useState<Error | null>(null)
  const picker = useRef<HTMLInputElement>(null)
  const hintId = useId()

  function take(list: FileList | null | undefined) {
    const metadata = parsePairs(pairs)
    if (typeof metadata === 'string') return setError(new Error(metadata))
    setError(null)
    enqueue(member, [...(list ?? [])], metadata)
  }

  return (
    <section
      class={isOver ? 'drop over' : 'drop'}
      aria-label="Upload files"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <div class="drop-pick">
        <button
          type="button"
          class="button primary"
          aria-describedby={hintId}
          onClick={() => picker.current?.click()}
        >
          <Icon name="upload" />
          Choose files
        </button>
        <span id={hintId}>
          or drop them here. An upload that was cut off goes on when you choose the same file again.
        </span>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            take(event.currentTarget.files)
            // So that the same file can be chosen again.
            event.currentTarget.value = ''
          }}
        />
      </div>
      <TextField
        label="Metadata for these files"
        placeholder="tag=invoice, year=2026"
        value={pairs}
        setValue={setPairs}
      />
      <Failure error={error} />
    </section>
  )
}
