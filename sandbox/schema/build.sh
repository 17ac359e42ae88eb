#!/bin/sh
# Makes slack_types.json out of the types that Slack publishes (npm, @slack/types): run it when they change.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @slack/types@3.2.0 ts-json-schema-generator@2.10.0 typescript@5
cat > wanted.ts <<'TYPES'
import type { AnyChunk, HomeView, KnownBlock, ModalView } from "@slack/types";
export interface Wanted { block: KnownBlock; modal: ModalView; home: HomeView; chunk: AnyChunk }
TYPES
npx ts-json-schema-generator --path wanted.ts --type Wanted --no-type-check --jsDoc none --out types.json
# One definition a line, so that a new version's changes can be read; a block of any kind is none of Slack's.
node - types.json > "$here/slack_types.json" <<'SCRIPT'
const { definitions } = JSON.parse(require("fs").readFileSync(process.argv[2]));
for (const name of ["Wanted", "Block"]) delete definitions[name];
definitions.AnyBlock = { $ref: "#/definitions/KnownBlock" };
// The reference has it (docs.slack.dev, rich text list element), the types do not.
definitions.RichTextList.properties = { ...definitions.RichTextList.properties, offset: { type: "number" } };
const lines = Object.keys(definitions).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(definitions[name])}`);
console.log(`{"$comment":"made by build.sh from @slack/types 3.2.0","definitions":{\n${lines.join(",\n")}\n}}`);
SCRIPT
