// Package db keeps everything a person would miss, on SQLite or PostgreSQL, behind one SQL text.
package db
