"""A resource plugin for Cloudflare, for machines that cannot download Pulumi's own."""
