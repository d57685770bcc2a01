#!/usr/bin/env node
// Takes the shapes out of an OpenAPI description of Mastodon's API and leaves every word of prose behind.
//
//   scripts/api-schema.mjs schema.json > internal/server/servertest/contract/shapes.json
import { readFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const KEEP = new Set(['$ref', 'type', 'properties', 'required', 'items', 'enum', 'const', 'format', 'anyOf', 'oneOf', 'allOf', 'additionalProperties',
	'nullable', 'minimum', 'maximum', 'minItems', 'maxItems', 'pattern', 'prefixItems']);

/** One schema without its prose. Two alternatives of a oneOf may both fit: it becomes anyOf. */
function shape(schema) {
	if (typeof schema !== 'object' || schema === null) return schema;
	const kept = {};
	for (const [key, value] of Object.entries(schema)) {
		if (!KEEP.has(key)) continue;
		if (key === 'properties') kept[key] = each(value, shape);
		else if (key === 'items' || key === 'additionalProperties') kept[key] = shape(value);
		else if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(key)) kept[key === 'oneOf' ? 'anyOf' : key] = value.map(shape);
		else if (key === '$ref') kept[key] = value.replace('#/components/schemas/', '#/$defs/');
		else kept[key] = value;
	}
	return kept;
}
const each = (object, f) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, f(value)]));

const answers = {};
for (const [path, operations] of Object.entries(document.paths)) {
	for (const [method, operation] of Object.entries(operations)) {
		for (const [code, response] of Object.entries(operation.responses ?? {})) {
			const schema = response.content?.['application/json']?.schema;
			if (schema && code.startsWith('2')) answers[`${method.toUpperCase()} ${path} ${code}`] = shape(schema);
		}
	}
}
process.stdout.write(JSON.stringify({ version: document.info.version, $defs: each(document.components.schemas, shape), answers }, null, '\t') + '\n');
