import { useState } from 'preact/hooks'
import { createGrant, type NewGrant } from '../../api/grants'
import { BytesField, type BytesInput, bytesOf } from '../../components/bytes-field'
import { Dialog } from '../../components/dialog'
import { NumberField, SelectField, TextField } from '../../components/field'
import { FormFoot } from '../../components/form-foot'
import { useAction } from '../../hooks/use-action'
import type { Member } from '../../session/session'
import { parsePairs } from '../../words/pairs'
import { addMadeGrant } from './made-grants'

const lifetimes = [
  ['900', '15 minutes'],
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
] as const

type Props = { member: Member; onMade(grant: NewGrant): void; onClose(): void }

/** Makes a grant from what may be uploaded with it. */
export function NewGrantForm({ member, onMade, onClose }: Props) {
  const [size, setSize] = useState<BytesInput>({ amount: '100', unit: 'MiB' })
  const [files, setFiles] = useState('1')
  const [types, setTypes] = useState('')
  const [lifetime, setLifetime] = useState<string>('3600')
  const [pairs, setPairs] = useState('')
  const [origins, setOrigins] = useState('')
  const action = useAction()

  async function submit(event: Event) {
    event.preventDefault()
    await action.run(async () => {
      const maxBytes = bytesOf(size)
      if (maxBytes === null) throw new Error('Say how many bytes may be uploaded.')
      const metadata = parsePairs(pairs)
      if (typeof metadata === 'string') throw new Error(metadata)
      const [contentTypes, allowed] = [listed(types), listed(origins)]
      const grant = await createGrant(member, {
        maxBytes,
        maxFiles: Number(files),
        expiresIn: Number(lifetime),
        ...(contentTypes.length > 0 ? { contentTypes } : {}),
        ...(allowed.length > 0 ? { origins: allowed } : {}),
        ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      })
      addMadeGrant(grant)
      onMade(grant)
    })
  }

  return (
    <Dialog title="New grant" onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <BytesField label="At most, all files together" value={size} setValue={setSize} />
          <NumberField label="How many files" min={1} max={1000} value={files} setValue={setFiles} />
          <TextField
            label="Types"
            placeholder="image/*, application/pdf"
            hint="Separated by commas; left empty, any"
            value={types}
            setValue={setTypes}
          />
          <SelectField label="Works for" value={lifetime} setValue={setLifetime} options={lifetimes} />
          <TextField
            label="Metadata of the files"
            placeholder="tag=invoice, year=2026"
            value={pairs}
            setValue={setPairs}
          />
          <TextField
            label="Web pages that may use it"
            placeholder="https://app.example.com"
            hint="Their origins, separated by commas; left empty, all"
            value={origins}
            setValue={setOrigins}
          />
        </div>
        <FormFoot action={action} verb="Make grant" onCancel={onClose} />
      </form>
    </Dialog>
  )
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
}
