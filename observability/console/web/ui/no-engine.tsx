/** Where the system is not run by the local engine, its control calls are somebody else's. */
export function NoEngine({ what }: { what: string }) {
  return (
    <div class="page">
      <h1>{what}</h1>
      <p class="panel empty">
        No local engine runs this system, so there is nobody to ask. In a cluster this is done with
        the cluster’s own tools.
      </p>
    </div>
  );
}
