ALTER TABLE orders ADD COLUMN cancelled boolean NOT NULL DEFAULT false;
