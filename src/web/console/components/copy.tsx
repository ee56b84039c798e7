import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Icon } from './icon'

type Props = {
  label: string
  value: string
  /** Copies the value by itself, now and when it changes. */
  isCopiedAtOnce?: boolean
}

/** A value to take along: a field that holds it, and a button that copies it. `label` names both. */
export function CopyField({ label, value, isCopiedAtOnce = false }: Props) {
  const [said, setSaid] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const id = useId()

  async function copy() {
    try {
      await navigator.clipboard.writeText(value)
      setSaid('Copied')
    } catch {
      // Without permission, or on a page that is not secure.
      field.current?.select()
      setSaid('Selected: copy it with your keyboard')
    }
  }

  useEffect(() => {
    setSaid('')
    if (isCopiedAtOnce) copy()
  }, [value, isCopiedAtOnce])

  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="joined">
        <input
          id={id}
          ref={field}
          class="mono"
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button" onClick={copy}>
          <Icon name={said === 'Copied' ? 'check' : 'copy'} />
          Copy<span class="hidden"> {label}</span>
        </button>
      </div>
      <span class="hint" role="status">
        {said}
      </span>
    </div>
  )
}
