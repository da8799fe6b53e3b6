import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** One setting of the organisation, by name; the value is JSON. */
export class SettingRow extends Model<InferAttributes<SettingRow>, InferCreationAttributes<SettingRow>> {
  declare name: string;
  declare value: unknown;
  declare updatedAt: CreationOptional<Date>;
}

export function defineSettings(sequelize: Sequelize): void {
  SettingRow.init(
    {
      name: { type: DataTypes.TEXT, primaryKey: true },
      value: { type: DataTypes.JSONB, allowNull: false },
      updatedAt: DataTypes.DATE,
    },
    { sequelize, tableName: 'settings', timestamps: true, createdAt: false },
  );
}
