/** What the colours of these values say: only what is among them. Stands in a `.key`. */
export const ValueKey = ({
  name,
  values,
}: {
  name: string
  values: readonly (number | string | null | undefined)[]
}) => (
  <>
    {values.some((value) => typeof value === 'number') && (
      <span>
        <i data-scale="" />
        {name} low to high
      </span>
    )}
    {values.some((value) => typeof value === 'string') && (
      <span>
        <i data-category="" />a category
      </span>
    )}
  </>
)
